/** Asks for a token where the server refuses for want of one. */

let count = 0;

/**
 * Put a field for the token into a card that says what went wrong. `share.css` shows it where a token may help.
 *
 * @param use - called with what was entered.
 */
export function addTokenForm(card: Element, use: (token: string) => void): void {
  count += 1;
  const form = document.createElement("form");
  form.className = "token-form";
  const label = document.createElement("label");
  label.htmlFor = `token-${count}`;
  label.dataset.i18n = "token";
  const field = document.createElement("input");
  field.id = label.htmlFor;
  field.type = "password";
  field.required = true;
  field.autocomplete = "off";
  const button = document.createElement("button");
  button.className = "primary";
  button.dataset.i18n = "useToken";
  form.append(label, field, button);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    use(field.value.trim());
  });
  card.append(form);
}
