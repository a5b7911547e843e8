#include "server/smtp/question.h"

#include "base/text.h"

namespace posta::server::smtp {

Result<Address> asked_address(std::string_view text) {
  text = trim(text);
  if (text.size() >= 2 && text.front() == '<' && text.back() == '>')
    text = text.substr(1, text.size() - 2);
  std::string_view rest = text;
  TRY(std::string local, take_local_part(rest));
  if (rest.empty()) return Address{std::move(local), Domain()};
  return Address::parse(text);
}

Reply utf8_permitted(Reply said, bool smtputf8) {
  if (smtputf8 || all_ascii(said.text)) return said;
  if (said.positive()) return Reply(252, {2, 6, 8}, "The answer needs SMTPUTF8");
  return Reply(550, {5, 6, 8}, "The answer needs SMTPUTF8");
}

}  // namespace posta::server::smtp
