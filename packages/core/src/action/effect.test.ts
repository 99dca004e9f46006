import { Verb, type Effect } from '@countersign/schema'
import { describe, expect, it } from 'vitest'
import { effectOf, type EffectHint } from './effect.ts'

describe('H1: one table says which verb has which effect', () => {
  it.each<[Verb, EffectHint | undefined, Effect]>([
    ['data.read', undefined, 'read'],
    ['data.write', undefined, 'write'],
    ['data.export', undefined, 'read'],
    ['schema.change', undefined, 'write'],
    ['iam.grant', undefined, 'grant'],
    ['infra.change', undefined, 'deploy'],
    ['model.invoke', undefined, 'read'],
    ['model.train', undefined, 'write'],
    ['model.deploy', undefined, 'deploy'],
    ['file.read', undefined, 'read'],
    ['file.write', undefined, 'write'],
    ['tool.call', undefined, 'write'],
    ['http.call', undefined, 'write'],
    ['shell.exec', undefined, 'write'],
    ['http.call', 'reads', 'read'],
    ['tool.call', 'reads', 'read'],
    ['shell.exec', 'reads', 'write'],
    ['data.write', 'reads', 'write'],
    ['iam.grant', 'reads', 'grant'],
    ['http.call', 'deletes', 'delete'],
    ['data.read', 'deletes', 'delete'],
    ['data.export', 'deletes', 'delete'],
    ['iam.grant', 'deletes', 'grant'],
    ['model.deploy', 'deletes', 'deploy'],
  ])('%s, of which the protocol says %s: %s', (verb, hint, effect) => {
    expect(effectOf(verb, hint)).toBe(effect)
  })

  it('and has a line for each', () => {
    expect(Verb.options.map((verb) => effectOf(verb))).not.toContain(undefined)
  })
})
