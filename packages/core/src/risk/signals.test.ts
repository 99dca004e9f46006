import { describe, expect, it } from 'vitest'
import { classify } from '../lineage/classify.ts'
import { type Lineage, Registry, type Verb } from '@countersign/schema'
import { riskOf } from './signals.ts'

const registry = Registry.parse({
  destinations: { warehouse: { outside: false } },
  models: { local: { external: false } },
})

describe('P13: where data goes is told, or counts as outside', () => {
  it.each<[string, Verb, Lineage, boolean]>([
    ['an export into the organization', 'data.export', { destination: 'warehouse' }, false],
    ['an export to nobody knows whom', 'data.export', { destination: 's3://x' }, true],
    ['an export to nobody knows where', 'data.export', {}, true],
    ['a read', 'data.read', {}, false],
    ['a model of one’s own', 'model.invoke', { model: 'local' }, false],
    ['a model that nobody registered', 'model.invoke', { model: 'gpt' }, true],
    ['a model that nobody named', 'model.invoke', {}, true],
    ['a training that names no model', 'model.train', {}, true],
  ])('%s', (_, verb, lineage, outside) => {
    const risk = riskOf({
      verb,
      effect: 'read',
      destructive: false,
      environment: 'dev',
      dataUse: classify({ reads: [], writes: [], ...lineage }, registry),
      firstTime: false,
      when: { hour: 12, weekday: 1 },
    })
    expect(risk.signals.map(({ name }) => name)).toEqual(outside ? ['leaves-the-organization'] : [])
  })
})

describe('G10: the risk line says what the use of data shows', () => {
  it.each<[string, Verb, Lineage, string]>([
    [
      'an export only reads here',
      'data.export',
      { reads: [{ name: 'orders' }], writes: [] },
      'It sends data somewhere.',
    ],
    ['an export that writes a table writes', 'data.export', { reads: [], writes: [{ name: 'copy' }] }, 'It writes.'],
    ['a training', 'model.train', { reads: [{ name: 'orders' }], writes: [], model: 'local' }, 'It changes a model.'],
    ['a tool of which nobody knows', 'tool.call', {}, 'It may change something.'],
    ['a call that touches no data', 'http.call', { reads: [], writes: [] }, 'It may change something.'],
    ['a write', 'data.write', { reads: [], writes: [{ name: 'orders' }] }, 'It writes.'],
    ['a file', 'file.write', { reads: [], writes: [] }, 'It writes.'],
  ])('%s', (_, verb, lineage, says) => {
    const dataUse = classify(lineage, registry)
    const when = { hour: 12, weekday: 1 }
    const { signals } = riskOf({
      verb,
      effect: 'write',
      destructive: false,
      environment: 'dev',
      dataUse,
      firstTime: false,
      when,
    })
    expect(signals.find(({ name }) => name === 'write')?.says).toBe(says)
  })
})
