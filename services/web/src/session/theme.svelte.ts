/** Light, dark, or as the machine says; remembered in this browser. */

export const THEMES = ["auto", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const KEY = "jidoka.theme";
const machine = matchMedia("(prefers-color-scheme: dark)");

class ThemeChoice {
  choice = $state<Theme>(stored());
  shown = $state<"light" | "dark">("light");

  constructor() {
    this.show();
    machine.addEventListener("change", () => this.show());
  }

  choose(theme: Theme): void {
    this.choice = theme;
    localStorage.setItem(KEY, theme);
    this.show();
  }

  private show(): void {
    this.shown = this.choice === "auto" ? (machine.matches ? "dark" : "light") : this.choice;
    document.documentElement.dataset["theme"] = this.shown;
  }
}

function stored(): Theme {
  const value = localStorage.getItem(KEY);
  return THEMES.find((theme) => theme === value) ?? "auto";
}

export const theme = new ThemeChoice();
