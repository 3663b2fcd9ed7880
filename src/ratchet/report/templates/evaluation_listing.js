"use strict";
// Programs and errors as text in the page, never as markup; used by evaluation.js.
const Listings = (() => {
  const make = (tag, classes = "", ...inner) => {
    const node = document.createElement(tag);
    if (classes) node.className = classes;
    node.append(...inner);  // strings become text, never markup
    return node;
  };
  const WORDS = /("""[\s\S]*?"""|'''[\s\S]*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|(#[^\n]*)|\b(and|as|assert|async|await|break|class|continue|def|del|elif|else|except|finally|for|from|global|if|import|in|is|lambda|None|nonlocal|not|or|pass|raise|return|True|False|try|while|with|yield)\b|\b(\d[\w.]*)/g;
  const coloured = (text, language) => {
    if (language !== "python") return [text];
    const parts = [];
    let at = 0;
    for (const match of text.matchAll(WORDS)) {
      parts.push(text.slice(at, match.index), make("span", "sckn"[match.slice(1).findIndex(Boolean)], match[0]));
      at = match.index + match[0].length;
    }
    return [...parts, text.slice(at)];
  };
  const listing = (left, tone, ...inner) => {
    const code = make("code", "", ...inner), pre = make("pre", tone, code), copy = make("button", "copy", "copy");
    pre.tabIndex = 0;
    copy.type = "button";
    copy.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(code.textContent);
        copy.textContent = "copied";
      } catch {
        getSelection().selectAllChildren(code);
        copy.textContent = "selected";
      }
    });
    const box = make("div", "listing", pre, copy);
    return left ? [box, make("p", "left-off", `${left.toLocaleString("en")} more characters are not shown.`)] : [box];
  };
  return { make, coloured, listing };
})();
