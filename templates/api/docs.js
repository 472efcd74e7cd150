"use strict";

SwaggerUIBundle({
  url: "{{ schema_url|escapejs }}",
  dom_id: "#swagger-ui",
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  deepLinking: true,
  requestInterceptor: (request) => {
    if (request.method && request.method !== "GET") {
      request.headers["{{ csrf_header_name|escapejs }}"] = "{{ csrf_token }}";
    }
    return request;
  },
});
