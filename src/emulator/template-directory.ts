/** Where the callbacks of a push domain and AppName go: what a bound callback template says. */
export interface CallbackTarget {
  /** The callback key; empty when the template has none, which leaves `t` and `sign` out. */
  readonly key: string;
  /** The URL for a kind of callback; undefined when the template names none. */
  urlOf(kind: string): string | undefined;
}

/** Finds the template that is bound to a push domain and AppName. */
export interface TemplateDirectory {
  /** Undefined when none is bound: nothing is sent then. */
  targetOf(pushDomain: string, appName: string): CallbackTarget | undefined;
}
