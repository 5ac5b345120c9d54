import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';

const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https:; connect-src 'self'; frame-ancestors 'none'; base-uri 'self'",
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'x-robots-tag': 'noindex',
};

/** What the responses of Express and Fastify have in common. */
interface ConsoleResponse {
  header(name: string, value: string): unknown;
}

/** Puts the headers on every answer of the console, first, so that those of the guards after it have them too. */
@Injectable()
export class ConsoleHeadersGuard implements CanActivate {
  canActivate(execution: ExecutionContext): boolean {
    const response = execution.switchToHttp().getResponse<ConsoleResponse>();
    for (const [name, value] of Object.entries(HEADERS)) response.header(name, value);
    return true;
  }
}
