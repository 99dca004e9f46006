import { readdirSync, readFileSync } from 'node:fs'
import { runEvent, type RunState } from '@countersign/core'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { describe, expect, it } from 'vitest'
import { life } from '../lives.ts'
import { sharedData } from './needs.ts'

const folder = sharedData('openlineage')
const read = (file: string) => JSON.parse(readFileSync(`${folder}/${file}`, 'utf8'))

const ajv = new Ajv2020({ strict: false, allErrors: true })
formats.default(ajv)
const core = read('OpenLineage.json')
ajv.addSchema(core)
const facets = new Map<string, string>()
for (const file of readdirSync(`${folder}/facets`)) {
  const schema = read(`facets/${file}`)
  ajv.addSchema(schema)
  facets.set(`${schema.$id}#/$defs/${file.replace('.json', '')}`, schema.$id)
}
const isRunEvent = ajv.getSchema(`${core.$id}#/$defs/RunEvent`)

describe('every event validates against the official OpenLineage schemas', () => {
  const names = { origin: 'localhost/default', publicUrl: 'http://localhost:4600' }

  it.each<RunState>(['START', 'RUNNING', 'COMPLETE', 'FAIL', 'ABORT'])('%s', (state) => {
    for (const each of [life(), life({ failed: true }), life({ allowed: true })]) {
      const event = runEvent(state, 1_795_000_000_000, each, names)
      expect(isRunEvent?.(event), JSON.stringify(isRunEvent?.errors)).toBe(true)
      const own = allFacets(event).filter(({ facet }) => facets.has(facet._schemaURL))
      expect(own.length).toBeGreaterThan(2)
      for (const { name, facet } of own) {
        const check = ajv.getSchema(facet._schemaURL)
        expect(check?.(facet), `${name}: ${JSON.stringify(check?.errors)}`).toBe(true)
      }
    }
  })

  it('an event without its run is refused: the schema is really read', () => {
    const { run: _run, ...event } = runEvent('START', 0, life(), names)
    expect(isRunEvent?.(event)).toBe(false)
  })
})

interface Facet {
  readonly _schemaURL: string
}

function allFacets(value: unknown, name = ''): { name: string; facet: Facet }[] {
  if (typeof value !== 'object' || value === null) return []
  const inside = Object.entries(value).flatMap(([key, member]) => allFacets(member, key))
  return '_schemaURL' in value ? [{ name, facet: value as Facet }, ...inside] : inside
}
