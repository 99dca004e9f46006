import { seams } from './seams.ts'
import { anywhere, type Mode } from './strike.ts'

/** As many rounds as there are of them have each of them once. */
export const modes: readonly Mode[] = [...anywhere, ...seams]
