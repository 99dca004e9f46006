import { readdirSync, readFileSync } from 'node:fs'
import { canonical } from '@countersign/core'
import { describe, expect, it } from 'vitest'
import { sharedData } from './needs.ts'

const vectors = sharedData('rfc8785')

describe('https://www.rfc-editor.org/rfc/rfc8785 test vectors', () => {
  it.each(readdirSync(`${vectors}/input`))('%s', (file) => {
    const read = (folder: string, name = file) => readFileSync(`${vectors}/${folder}/${name}`, 'utf8')
    const text = canonical(JSON.parse(read('input')))
    expect(text).toBe(read('output'))
    const hex = read('outhex', file.replace('.json', '.txt')).replaceAll(/\s/g, '')
    expect(Buffer.from(text).toString('hex')).toBe(hex)
  })
})
