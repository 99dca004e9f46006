import type { Attempt, CooperatingAttempt } from '../ports.ts'

/** Whether the client runs it itself. */
export const isCooperating = (attempt: Attempt): attempt is CooperatingAttempt => 'grant' in attempt
