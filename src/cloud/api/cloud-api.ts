/** The cloud API, as far as it is needed here. */
export interface CloudApi {
  /**
   * Calls an action once.
   *
   * @param parameters named as in the documents
   * @param region for the actions that ask for one
   * @returns the fields of the response
   * @throws CloudApiError
   */
  call(
    action: string,
    parameters: Readonly<Record<string, unknown>>,
    region?: string,
  ): Promise<Readonly<Record<string, unknown>>>;
}
