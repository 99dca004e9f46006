import { CountersignError, type PolicyNote, type PolicySet } from '@countersign/core'
import type { ApiParts } from '../front/parts.ts'
import { sampleSignOff } from './approval.ts'

const { assurance: _assurance, escalated: _escalated, ...named } = sampleSignOff
const note: PolicyNote = {
  id: sampleSignOff.id,
  doc: sampleSignOff.doc,
  owner: sampleSignOff.owner,
  control: sampleSignOff.control,
  kind: 'sign-off',
  text: 'forbid (principal, action, resource);',
  signOff: { ...named, assurance: undefined },
  obligations: [],
}
/** One sign-off, which all that is asked has to meet. */
export const policySet: PolicySet = {
  version: 'v1',
  policies: [note],
  policy: (id) => (id === note.id ? note : undefined),
  couldAllow: () => true,
  evaluate: (which) => (which === 'auto' ? { kind: 'deny', by: [note.id] } : { kind: 'allow', by: [] }),
}

/** Says little: what the real one says is tested where it stands. */
export const sandbox: ApiParts['sandbox'] = {
  files: async () => [{ name: 'site.cedar', text: note.text }],
  test: async () => undefined,
  explain: () => ({
    decision: { kind: 'allow', because: [], policyVersion: 'v1', obligations: [] },
    says: 'It runs at once.',
    policies: [],
    changes: [{ change: 'in prod', answer: 'ask' }],
  }),
  questions: () => {
    throw new CountersignError('ERR_INPUT_INVALID', { cases: 'nobody said who that is' })
  },
  tryOut: async () => ({
    kind: 'refused',
    problems: [{ file: 'site.cedar', line: 2, column: 3, policy: undefined, says: 'is no policy' }],
  }),
}
