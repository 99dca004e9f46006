import type { EventHint } from '@countersign/schema'

/** Whether what this path said may be different after what just happened. Asking once too often does no harm. */
export function touches(hint: EventHint, path: string, value: unknown): boolean {
  const [area = '', id] = (path.split('?')[0] ?? '').replace('/api/', '').split('/')
  const about = hint.kind.split('.')[0]
  if (about === 'person') return true // a role was given or taken: it says what its person may see anywhere
  switch (area) {
    case 'approvals':
      if (about === 'agent' || about === 'policy') return true
      if (id === undefined) return about === 'approval'
      return id === hint.approval || (hint.action !== undefined && isAbout(value, hint.action))
    case 'actions':
      if (hint.action === undefined) return false
      return id === undefined || id === hint.action
    case 'agents':
      return about === 'agent' || about === 'approval'
    case 'people':
      return about === 'agent'
    case 'system':
      return true
    case 'tools':
      return about === 'tool'
    case 'policies':
      return about === 'policy'
    case 'lineage':
      return hint.kind === 'action.finished'
    case 'ledger':
      return true
    default:
      return false
  }
}

const isAbout = (value: unknown, action: string): boolean =>
  typeof value === 'object' && value !== null && 'actionId' in value && value.actionId === action
