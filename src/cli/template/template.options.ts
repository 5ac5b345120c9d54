/** What every one of them takes. */
export interface TemplateOptions {
  readonly state: string;
  readonly endpoint?: string;
  readonly proxy?: string;
  readonly json?: boolean;
}

/** Options of `plan` and `apply`. */
export interface PlanningOptions extends TemplateOptions {
  readonly repoint?: boolean;
  readonly takeOver?: boolean;
}

/** Options of `destroy`. */
export interface DestroyOptions extends TemplateOptions {
  readonly yes?: boolean;
}

/** Options of `rotate-key`. */
export interface RotateOptions extends TemplateOptions {
  readonly newKeyEnv?: string;
}
