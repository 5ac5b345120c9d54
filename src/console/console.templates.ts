/**
 * Callback templates that the console shows and changes: `DeclaredTemplates` of `nestjs-live-callback/cloud`
 * is what fits. It checks what it is given, which people have typed; `by` says who does it.
 */
export interface ConsoleTemplates {
  read(): Promise<object>;
  save(
    edit: {
      readonly id: string;
      readonly declaration: object;
      readonly isNew: boolean;
      readonly key?: string;
      readonly revision: string;
    },
    by: string,
  ): Promise<object>;
  remove(edit: { readonly id: string; readonly revision: string }, by: string): Promise<object>;
  apply(
    order: { readonly seen: string; readonly repoint: boolean; readonly takeOver: boolean },
    by: string,
  ): Promise<object>;
  rotateKey(order: { readonly id: string; readonly key?: string }, by: string): Promise<object>;
}
