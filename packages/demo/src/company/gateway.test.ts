import { Registry, Verb } from '@countersign/schema'
import { describe, expect, it } from 'vitest'
import { createDatasets } from './data.ts'
import { desks } from './desks.ts'
import { companyRoutes } from './gateway.ts'
import { companyRegistry } from './registry.ts'

describe('the mapping for Countersign', () => {
  it('says what every path of the company means, but for its log and the one that nobody has described', () => {
    expect(Object.keys(companyRoutes).toSorted()).toEqual(
      Object.keys(desks)
        .filter((name) => !['GET /log', 'POST /search/rebuilds'].includes(name))
        .toSorted(),
    )
  })

  it.each(Object.entries(companyRoutes))('%s says a verb, and which data', (_, route) => {
    expect(Verb.safeParse(route.verb).success).toBe(true)
    expect(route).toHaveProperty('reads')
    expect(route).toHaveProperty('sentence')
  })

  it('is JSON, so that a configuration file can hold it', () => {
    expect(JSON.parse(JSON.stringify(companyRoutes))).toEqual(companyRoutes)
  })
})

it('the registry knows every dataset of the company', () => {
  const { datasets } = Registry.parse(companyRegistry)
  expect(Object.keys(datasets)).toEqual(expect.arrayContaining(Object.keys(createDatasets(1))))
})
