/** What was written into the fields of a form. */

/** A field as text, without space around it; empty where the form has no such field. */
export function textIn(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === "string" ? value.trim() : "";
}

/** All fields of one name as texts, such as the boxes that are checked. */
export function textsIn(form: FormData, name: string): readonly string[] {
  return form.getAll(name).filter((value) => typeof value === "string");
}
