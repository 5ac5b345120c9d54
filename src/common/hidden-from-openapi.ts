/** Where @nestjs/swagger looks whether a controller is left out of its document. */
const EXCLUDED = 'swagger/apiExcludeController';

/**
 * Keeps a controller out of the document that @nestjs/swagger makes: a route per kind without schemas is
 * of no use to those who read the host's API. Comes after the host's decorators, among which
 * `ApiExcludeController(false)` says otherwise.
 */
export const HiddenFromOpenApi: ClassDecorator = (controller) => {
  if (Reflect.hasMetadata(EXCLUDED, controller)) return;
  Reflect.defineMetadata(EXCLUDED, [true], controller);
};
