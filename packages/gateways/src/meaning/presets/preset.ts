import type { RuleSaid } from '../rule.ts'

/** What somebody else's service means: by route (`GET /jobs/{job}`) or by name of a tool, as an operator would write it. */
export type Preset = Readonly<Record<string, RuleSaid>>

export const cel = (expression: string) => ({ cel: expression })
