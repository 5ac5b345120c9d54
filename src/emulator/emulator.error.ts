/** Thrown when the emulator is asked for something that it, or CSS, cannot do. */
export class EmulatorError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'EmulatorError';
  }
}
