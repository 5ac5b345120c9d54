import { Injectable } from '@nestjs/common';

/** How the callback templates of the account differ from what is declared, where somebody looks. */
@Injectable()
export class TemplateDrift {
  /** Differences at the latest look; null where this process does not look, or could not. */
  differences: number | null = null;
}
