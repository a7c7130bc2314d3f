/* Extras only: every journey works without this file. */
(function () {
  "use strict";

  // Errors first: the summary takes the focus where the browser ignores autofocus.
  var summary = document.querySelector(".errsum");
  if (summary) summary.focus();

  // One open menu at a time; Escape or a click elsewhere closes it and gives the focus back.
  function closeMenus(except) {
    document.querySelectorAll("details.menu[open]").forEach(function (menu) {
      if (menu !== except) menu.open = false;
    });
  }
  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") return;
    var open = document.querySelector("details.menu[open]");
    if (!open) return;
    open.open = false;
    open.querySelector("summary").focus();
  });
  document.addEventListener("click", function (event) {
    closeMenus(event.target.closest("details.menu"));
  });

  // A form is sent once. The server ignores a second send anyway; this only stops the impatient click.
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    form.setAttribute("aria-busy", "true");
  });
  // Coming back with the browser's button must find a form that can be sent.
  window.addEventListener("pageshow", function () {
    document.querySelectorAll("form[data-sent]").forEach(function (form) {
      delete form.dataset.sent;
      form.removeAttribute("aria-busy");
    });
  });

  // Copy buttons appear only where copying works: <button class="btn btn-sm btn-outline-primary" data-copy="id" hidden>.
  if (navigator.clipboard) {
    document.querySelectorAll("button[data-copy]").forEach(function (button) {
      var words = button.textContent;
      button.hidden = false;
      button.addEventListener("click", function () {
        var source = document.getElementById(button.dataset.copy);
        navigator.clipboard.writeText(source.textContent.trim()).then(function () {
          button.textContent = button.dataset.copied || words;
          setTimeout(function () {
            button.textContent = words;
          }, 2000);
        });
      });
    });
  }

  // "Show password": <button data-show-password="id_password" data-hide="Hide" hidden>.
  document.querySelectorAll("button[data-show-password]").forEach(function (button) {
    var field = document.getElementById(button.dataset.showPassword);
    var show = button.textContent;
    if (!field) return;
    button.hidden = false;
    button.addEventListener("click", function () {
      var hidden = field.type === "password";
      field.type = hidden ? "text" : "password";
      button.textContent = hidden ? button.dataset.hide : show;
      button.setAttribute("aria-pressed", String(hidden));
    });
  });

  // Print buttons: <button data-print hidden>.
  document.querySelectorAll("button[data-print]").forEach(function (button) {
    button.hidden = false;
    button.addEventListener("click", function () {
      window.print();
    });
  });

  // Lists that apply at once (sorting): <select data-submit>; the button beside it stays for everybody else.
  document.querySelectorAll("select[data-submit]").forEach(function (select) {
    select.addEventListener("change", function () {
      select.form.requestSubmit();
    });
  });

  // Letters left: <textarea maxlength data-counter="id of an element whose text is '{n} characters left'">.
  document.querySelectorAll("textarea[data-counter]").forEach(function (area) {
    var output = document.getElementById(area.dataset.counter);
    if (!output) return;
    var pattern = output.dataset.words || output.textContent;
    function show() {
      output.textContent = pattern.replace("{n}", area.maxLength - area.value.length);
    }
    area.addEventListener("input", show);
    output.hidden = false;
    show();
  });
})();
