/** What was said, by the container of the application's modules. */
const SAID = new WeakMap<object, Set<string>>();

/**
 * Whether a text is new to an application. Each registration of the module finds the same listeners,
 * and would say the same about them.
 */
export function isNews(application: object, text: string): boolean {
  let said = SAID.get(application);
  if (!said) SAID.set(application, (said = new Set()));
  if (said.has(text)) return false;
  said.add(text);
  return true;
}
