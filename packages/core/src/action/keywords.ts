/**
 * The words by which an action is found again, beyond what it is about in so many words: each under what it is of. They
 * come out of the vault, so a store keeps them blinded, and erases them with the record (P12).
 *
 * @module
 */
import type { ActionRecord } from '@countersign/schema'

/**
 * Words of one purpose that can be searched for; those after them are not found, so that no agent fills the index by
 * itself.
 */
const mostWords = 200
/**
 * Characters of a word that count in a search; no word of a language is longer, and random text would fill the index.
 */
const longestWord = 64

/** What the agent claimed as its purpose, the classes of the data, and the digest. */
export function keywordsOf({ purpose, dataUse, digest }: ActionRecord): string[] {
  const claimed = [purpose?.text, purpose?.workItem, purpose?.link].filter((text) => text !== undefined).join(' ')
  return [...purposeKeywords(claimed), ...dataUse.classes.map(classKeyword), digestKeyword(digest)]
}

/** One for each word, whatever its case, its accents' encoding, and what stands between the words. */
export const purposeKeywords = (text: string): string[] => wordsIn(text).map((word) => `purpose:${word}`)
export const classKeyword = (name: string): string => `class:${name}`
export const digestKeyword = (digest: string): string => `digest:${digest}`

/** Runs of letters and digits, compatible forms made one: https://www.unicode.org/reports/tr15/ (NFKC). */
function wordsIn(text: string): string[] {
  const plain = text.normalize('NFKC').toLowerCase().normalize('NFKC')
  const words = plain.match(/[\p{L}\p{M}\p{N}]+/gu) ?? []
  return [...new Set(words.map((word) => word.slice(0, longestWord)))].slice(0, mostWords)
}
