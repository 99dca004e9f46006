import { isError } from './errors.ts'

/** Reads and commits anew where somebody else was quicker. @throws ERR_STORE_CONFLICT after twenty tries */
export async function retried<T>(work: () => Promise<T>): Promise<T> {
  for (let left = 20; ; left--) {
    try {
      return await work()
    } catch (error) {
      if (left === 0 || !isError(error, 'ERR_STORE_CONFLICT')) throw error
    }
  }
}
