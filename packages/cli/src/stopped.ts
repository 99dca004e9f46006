/** 0 done, 1 failed, 2 usage, 3 refused, 4 waiting. */
export type ExitCode = 0 | 1 | 2 | 3 | 4

/** Ends a command with an exit code and a sentence for the terminal. */
export class Stopped extends Error {
  override readonly name = 'Stopped'
  readonly exitCode: ExitCode

  constructor(exitCode: ExitCode, says: string) {
    super(says)
    this.exitCode = exitCode
  }
}
