/** The cloud API, as far as provisioning needs it. */
export interface CallbackApi {
  /**
   * Calls an action once.
   *
   * @param parameters named as in the documents
   * @returns the fields of the response
   * @throws CloudApiError
   */
  call(
    action: string,
    parameters: Readonly<Record<string, unknown>>,
  ): Promise<Readonly<Record<string, unknown>>>;
}
