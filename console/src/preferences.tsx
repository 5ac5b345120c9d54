import { LANGUAGES, useLanguage, useLanguageChoice, type LanguageName } from './language.js';
import { THEMES, useTheme, type Theme } from './theme.js';

/** Language and theme. */
export function Preferences() {
  const language = useLanguage();
  const { name, choose } = useLanguageChoice();
  const [theme, setTheme] = useTheme();
  return (
    <div class="preferences">
      <select
        aria-label={language.say('preferences.language')}
        value={name}
        onChange={(event) => choose(event.currentTarget.value as LanguageName)}
      >
        {Object.entries(LANGUAGES).map(([value, own]) => (
          <option key={value} value={value} lang={value}>
            {own}
          </option>
        ))}
      </select>
      <select
        aria-label={language.say('preferences.theme')}
        value={theme}
        onChange={(event) => setTheme(event.currentTarget.value as Theme)}
      >
        {THEMES.map((value) => (
          <option key={value} value={value}>
            {language.say(`theme.${value}`)}
          </option>
        ))}
      </select>
    </div>
  );
}
