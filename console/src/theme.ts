import { useEffect, useState } from 'preact/hooks';

export const THEMES = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const KEPT = 'live-callback-console.theme';

/** Light, dark, or as the system has it. */
export function useTheme(): readonly [Theme, (theme: Theme) => void] {
  const [theme, setTheme] = useState<Theme>(
    () => THEMES.find((it) => it === localStorage.getItem(KEPT)) ?? 'auto',
  );
  useEffect(() => {
    document.documentElement.dataset['theme'] = theme;
    localStorage.setItem(KEPT, theme);
    dispatchEvent(new Event('themechange'));
  }, [theme]);
  return [theme, setTheme];
}
