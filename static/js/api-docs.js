/* Starts Swagger UI on the API documentation page; the schema's address stands on the element. */
window.addEventListener("DOMContentLoaded", function () {
  var place = document.getElementById("api-docs");
  window.SwaggerUIBundle({
    url: place.dataset.schema,
    domNode: place,
    deepLinking: true,
    docExpansion: "list",
    persistAuthorization: false,
    validatorUrl: null,
  });
});
