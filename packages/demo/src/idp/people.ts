/** Someone of the demo's company, as its identity provider knows them. */
export interface DemoPerson {
  /** The `sub` claim. */
  readonly id: string
  readonly name: string
  readonly email: string
  readonly groups: readonly string[]
  /** One line for the picker. */
  readonly does: string
}

/** The cast. Who asks cannot approve (P3), so it takes several. */
export const people: readonly DemoPerson[] = [
  {
    id: 'ana',
    name: 'Ana Alves',
    email: 'ana@acme.example',
    groups: ['agent-owners'],
    does: 'Owns the agents, and asks for things.',
  },
  {
    id: 'ben',
    name: 'Ben Okafor',
    email: 'ben@acme.example',
    groups: ['finance-controllers'],
    does: 'Finance controller: approves exports.',
  },
  {
    id: 'cleo',
    name: 'Cleo Marchetti',
    email: 'cleo@acme.example',
    groups: ['cfo-office', 'security-admins'],
    does: 'CFO’s office and security: approves what nobody else may.',
  },
  {
    id: 'eve',
    name: 'Eve Lindqvist',
    email: 'eve@acme.example',
    groups: ['auditors'],
    does: 'Auditor: reads everything, approves nothing.',
  },
]
