// facts.h: what the header of one message or part says that a digest wants to know.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/message/digest.h"

namespace posta::wire::message {

class Facts {
 public:
  explicit Facts(const Limits& limits) : limits_(limits) {}

  // Reads `header`, which must stay while the facts are asked. With `digest`, the fields are
  // indexed and kept there, and octets after them, up to `header_octets`, are one nameless range.
  void read(std::string_view header, Digest* digest = nullptr, std::uint64_t header_octets = 0);

  // RFC 3501 §7.4.2 ENVELOPE.
  std::string envelope();

  // Type, encoding, disposition and the other MIME fields. `inside_digest`: RFC 2046 §5.1.5.
  void describe(Part& part, bool inside_digest);

  // Subject, sender, date and thread keys. After envelope().
  void describe(Digest& digest);

 private:
  struct Known {
    FieldName name;
    std::string_view body;
  };

  std::optional<std::string_view> first(FieldName name) const;
  std::optional<std::string_view> first_unfolded(FieldName name);  // valid until the next call
  std::string value(FieldName name);  // unfolded and cut to value_octets_max; empty if absent
  void addresses(FieldName name, std::string& out);
  std::vector<std::uint64_t> message_ids(FieldName name) const;

  const Limits limits_;
  std::vector<Known> known_;
  std::string scratch_;
  std::string from_;
};

}  // namespace posta::wire::message
