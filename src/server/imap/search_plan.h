// search_plan.h: a SEARCH made ready for one mailbox, and what it says of a message (RFC 3501
// §6.4.4, RFC 5051).
//
//   state --> e-mail (digest, prefix) --> header --> texts
//
// A message is judged by what is known of it already. If that does not decide, the answer says what
// to read next: so most messages are decided from the view alone, and a body is read only when
// nothing cheaper can say. The answers are exact. Pure.
//
// Texts are long and keys may be many, so judging looks at so many octets at a time (Progress) and
// is called again until it has decided. No key, whatever it is, makes a text cost more than to read
// it a few times.
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
  std::string name;  // lower case
  std::string line;  // "NAME: value", unfolded
  std::size_t value_at = 0;

  std::string_view value() const { return std::string_view(line).substr(value_at); }
};

// needs_time: nothing is missing, judge again.
enum class Verdict : std::uint8_t { no, yes, needs_time, needs_email, needs_header, needs_texts };

// How far the keys of a plan that look into texts have come with one message.
class Progress {
 public:
  explicit Progress(std::size_t keys) : keys_(keys) {}

  // So many octets may be looked at before judging is left off.
  void allow(std::size_t octets) { octets_left_ = octets; }

 private:
  friend class SearchPlan;
  struct Key {
    Verdict known = Verdict::needs_time;  // what it still needs, if that has been found out
    bool past_header = false;             // it is not there
    std::size_t text = 0, offset = 0;     // it is not before
  };
  void spend(std::size_t octets);

  std::vector<Key> keys_;
  std::size_t octets_left_ = 0;
};

struct Facts {
  std::uint32_t number = 0;
  MessageState state;
  bool recent = false;
  const wire::message::DigestView* digest = nullptr;  // null: not read yet, as below
  const std::vector<FieldText>* prefix = nullptr;     // together with the digest, as progress
  Progress* progress = nullptr;
  const std::vector<FieldText>* header = nullptr;   // all of it, the prefix too
  const std::vector<std::string>* texts = nullptr;  // mapped: of the body
};

class SearchPlan {
 public:
  SearchPlan(const Query& query, const Selected& selected);

  Verdict judge(const Facts& facts) const { return judge(root_, facts); }
  bool has_mod_seq() const { return has_mod_seq_; }
  std::size_t nodes() const { return nodes_; }          // of the query
  std::size_t text_keys() const { return text_keys_; }  // those that Progress knows

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
    std::size_t text_key = 0;  // header, body, text: which of them it is
  };
  Node compile(const Query& query, const Selected& selected);
  Verdict judge(const Node& node, const Facts& facts) const;
  static Verdict judge_text_key(const Node& node, const Facts& facts);
  static Verdict judge_header(const Node& node, const Facts& facts);
  static Verdict judge_texts(const Node& node, const Facts& facts);
  static Verdict search_on(const std::vector<std::string>& texts, const std::string& key,
                           Progress& progress, Progress::Key& place);
  static bool any_contains(const std::vector<FieldText>& fields, const Node& node,
                           Progress& progress);

  // Found while root_ is compiled.
  bool has_mod_seq_ = false;
  std::size_t nodes_ = 0;
  std::size_t text_keys_ = 0;
  Node root_;
};

// The fields of a header, as they are compared.
std::vector<FieldText> field_texts(std::string_view header);
// The values of a header, as one text: they are part of the body that it stands in.
std::string text_of_fields(std::string_view header);
// A part's text, as it is compared: of HTML the source, and what a reader sees of it.
void add_text(std::vector<std::string>& texts, const wire::message::Part& part,
              std::string_view octets);

}  // namespace posta::server::imap
