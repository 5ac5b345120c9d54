/** What should be in the account: written in TypeScript, or read from a file with `loadState`. */
export interface ProvisioningState {
  /**
   * Name of this deployment: 1 to 20 lower-case letters, digits and hyphens. Templates are marked
   * with it in their description; those without the mark are never touched.
   */
  readonly stack: string;
  /** Where the module's routes are for CSS, such as `https://live.example.com/live-callback`. */
  readonly baseUrl?: string;
  /** The module's option `urlToken`: is added to the URLs as `?token=…`. Default: none. */
  readonly urlToken?: string;
  /**
   * File in which callback keys are kept, made and rotated, for templates that declare no key. The
   * module reads it too: `keys: new KeyRingFile(path).resolver()`. Default: none.
   */
  readonly keyFile?: string;
  /** Callback templates by an id of your own: 1 to 20 lower-case letters, digits and hyphens. */
  readonly templates: Readonly<Record<string, TemplateDeclaration>>;
}

/** A callback template. */
export interface TemplateDeclaration {
  /** 1 to 30 Chinese characters, letters, digits, `_` and `-`. Default: `<stack>-<id>`. */
  readonly name?: string;
  /**
   * As `name`, or empty; together with the mark that is added to it 100 characters at most.
   * Default: none.
   */
  readonly description?: string;
  /** The callback key: 8 to 32 letters and digits. Default: from the key file. */
  readonly key?: string;
  /** Kinds whose callbacks go to `<baseUrl>/<kind>`. */
  readonly events?: readonly string[];
  /** URLs of other receivers, by kind; http or https. */
  readonly urls?: Readonly<Record<string, string>>;
  /** What `record-exception` reports: `error`, `warning`, `info`. Default: `error`. */
  readonly recordExceptionLevels?: readonly string[];
  /** Push domains and AppNames that the template is bound to. Default: none. */
  readonly rules?: readonly RuleDeclaration[];
}

/** A push domain and AppName. */
export interface RuleDeclaration {
  readonly domain: string;
  /** As in the push URL, case included. Default: `live`. */
  readonly appName?: string;
}
