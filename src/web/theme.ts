/** Light or dark: as the system has it, until the reader says otherwise. */
const KEY = 'foretide-theme';

type Theme = 'light' | 'dark';

export const THEME_CHANGED = 'foretide:theme';

const system = matchMedia('(prefers-color-scheme: dark)');

function remembered(): Theme | null {
  try {
    const theme = localStorage.getItem(KEY);
    return theme === 'light' || theme === 'dark' ? theme : null;
  } catch {
    return null;
  }
}

export function currentTheme(): Theme {
  return document.documentElement.dataset.theme === 'dark' ? 'dark' : 'light';
}

export function toggleTheme(): void {
  const next: Theme = currentTheme() === 'dark' ? 'light' : 'dark';
  try {
    // Back to what the system has: from then on it is followed again.
    if (next === (system.matches ? 'dark' : 'light')) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, next);
  } catch {
    // Without storage it holds for this visit.
  }
  apply(next);
}

function apply(theme: Theme): void {
  document.documentElement.dataset.theme = theme;
  document.dispatchEvent(new Event(THEME_CHANGED));
}

const chosen = (): Theme => remembered() ?? (system.matches ? 'dark' : 'light');
system.addEventListener('change', () => apply(chosen()));
apply(chosen());
