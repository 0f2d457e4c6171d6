// A link into a fold opens it: from another page, from this one, and when going back.
(() => {
  const open = () => {
    const place = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let fold = place; fold; fold = fold.parentElement) {
      if (fold.classList.contains("toggle-hidden")) {
        fold.querySelector(".toggle-button")?.click();
      }
    }
  };
  window.addEventListener("hashchange", open);
  // The folds are made by a script of the theme's that runs before the page is complete.
  window.addEventListener("load", open);
})();
