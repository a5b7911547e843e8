// search_plan.h: a SEARCH made ready for one mailbox, and what it says of a message (RFC 3501
// §6.4.4, RFC 5051).
//
//   state --> e-mail (digest, prefix) --> header --> texts
//
// A message is judged by what is known of it already. If that does not decide, the answer says what
// to read next: so most messages are decided from the view alone, and a body is read only when
// nothing cheaper can say. The answers are exact. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mail/query.h"
#include "server/imap/selected.h"
#include "wire/message/digest.h"

namespace posta::server::imap {

// A field of a header, decoded and mapped (casemap.h).
struct FieldText {
  std::string name;   // lower case
  std::string value;  // unfolded
};

struct Facts {
  std::uint32_t number = 0;
  MessageState state;
  bool recent = false;
  const wire::message::DigestView* digest = nullptr;  // null: not read yet, as below
  const std::vector<FieldText>* prefix = nullptr;     // together with the digest
  const std::vector<FieldText>* header = nullptr;     // all of it, the prefix too
  const std::vector<std::string>* texts = nullptr;    // mapped: of the body
};

enum class Verdict : std::uint8_t { no, yes, needs_email, needs_header, needs_texts };

class SearchPlan {
 public:
  SearchPlan(const Query& query, const Selected& selected);

  Verdict judge(const Facts& facts) const { return judge(root_, facts); }
  bool has_mod_seq() const { return has_mod_seq_; }

 private:
  struct Node {
    Query::Kind kind = Query::Kind::all;
    std::vector<Node> children;
    Selected::Ranges ranges;  // of numbers, or of uids
    Flags flags;              // flag, keyword
    std::string name;         // header
    std::string text;         // mapped
    std::chrono::sys_days day;
    std::uint64_t number = 0;
  };
  Node compile(const Query& query, const Selected& selected);
  Verdict judge(const Node& node, const Facts& facts) const;
  static Verdict judge_header(const Node& node, const Facts& facts);
  static Verdict judge_texts(const Node& node, const Facts& facts);

  bool has_mod_seq_ = false;  // found while root_ is compiled
  Node root_;
};

// The fields of a header, as they are compared.
std::vector<FieldText> field_texts(std::string_view header);
// A part's text, as it is compared: of HTML the source, and what a reader sees of it.
void add_text(std::vector<std::string>& texts, const wire::message::Part& part,
              std::string_view octets);

}  // namespace posta::server::imap
