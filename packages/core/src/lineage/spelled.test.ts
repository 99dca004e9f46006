import { type Lineage, Registry, type Resource } from '@countersign/schema'
import { describe, expect, it } from 'vitest'
import { mustBeSpelledAsRegistered } from './spelled.ts'

const registry = Registry.parse({
  datasets: {
    'crm.customers': { domain: 'crm', classes: ['pii'] },
    Twins: { domain: 'crm', classes: ['pii'] },
    twins: { domain: 'crm', classes: ['pii'] },
  },
  models: { 'in-house': { external: false } },
  roles: { admin: { privileged: true } },
  destinations: { 'sftp.partner.example': { outside: true } },
})

const of = (kind: Resource['kind'], name: string): [Resource[], Lineage] => [[{ kind, name }], {}]
const told = (lineage: Lineage): [Resource[], Lineage] => [[], lineage]

describe('A1: a name of the registry in another spelling is refused, as it would escape what is said of it', () => {
  it.each<[string, [Resource[], Lineage]]>([
    ['case', of('dataset', 'CRM.Customers')],
    ['a long s', of('dataset', 'crm.cu\u017Ftomers')],
    ['space behind it', of('dataset', 'crm.customers ')],
    ['space within', of('dataset', 'crm . customers')],
    ['quotes of SQL', of('dataset', '"crm"."customers"')],
    ['brackets of SQL', of('dataset', '[crm].[customers]')],
    ['a zero-width space', of('dataset', 'crm\u200B.customers')],
    ['full width', of('dataset', '\uFF43rm.customers')],
    ['a model', of('model', 'In-House')],
    ['a role', of('role', 'Admin')],
    ['what is read', told({ reads: [{ name: 'x' }, { name: 'CRM.customers' }] })],
    ['what is written', told({ writes: [{ name: 'crm.Customers' }] })],
    ['where it goes', told({ destination: 'SFTP.partner.example' })],
    ['a dot at the end of a host', told({ destination: 'sftp.partner.example.' })],
    ['what it is given to', told({ model: 'in-house ' })],
  ])('%s', (_, [resources, lineage]) => {
    expect(() => mustBeSpelledAsRegistered(resources, lineage, registry)).toThrow(
      expect.objectContaining({ code: 'ERR_INPUT_INVALID' }),
    )
  })

  it.each<[string, [Resource[], Lineage]]>([
    ['as it is registered', of('dataset', 'crm.customers')],
    ['two of them, registered both', of('dataset', 'twins')],
    ['the other one', of('dataset', 'Twins')],
    ['another name', of('dataset', 'crm.customers2')],
    ['nothing that is registered', of('tool', 'CRM.customers')],
    ['everything as registered', told({ reads: [{ name: 'crm.customers' }], destination: 'sftp.partner.example' })],
    ['nothing', told({})],
  ])('%s passes', (_, [resources, lineage]) => {
    expect(() => mustBeSpelledAsRegistered(resources, lineage, registry)).not.toThrow()
  })
})
