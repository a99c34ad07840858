export type Language = "en" | "zh";

/** The shape of a dictionary, with any text in place of the English. */
export type Texts<T> = {
  readonly [K in keyof T]: T[K] extends string
    ? string
    : T[K] extends (...parameters: never[]) => string
      ? T[K]
      : Texts<T[K]>;
};

/** The texts of a page, in both languages: one that is missing in the second is an error of the compiler. */
export function bilingual<T>(texts: { en: T; zh: NoInfer<Texts<T>> }): { readonly en: T; readonly zh: Texts<T> } {
  return texts;
}
