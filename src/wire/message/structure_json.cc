#include "wire/message/structure_json.h"

#include <fmt/format.h>

#include "base/check.h"
#include "wire/message/encoded_word.h"
#include "wire/message/header.h"
#include "wire/message/json_text.h"

namespace posta::wire::message {

namespace {

class Printer {
 public:
  Printer(const Digest& digest, std::string_view message) : digest_(digest), message_(message) {}

  std::string print() {
    json_.begin_object();
    json_.number("size", digest_.size);
    json_.number("headerSize", digest_.header_size());
    json_.text("subject", digest_.subject);
    json_.text("baseSubject", digest_.base_subject);
    json_.text("from", digest_.from);
    if (digest_.date)
      json_.text("date", print_date(*digest_.date));
    else
      json_.null("date");
    json_.text("preview", digest_.preview);
    json_.text("envelope", digest_.envelope);
    json_.text("bodyStructure", digest_.bodystructure);
    json_.text("body", print_body(digest_, false));
    hashes();
    headers();
    structure();
    json_.end_object();
    return json_.take();
  }

 private:
  void hashes() {
    auto name = [](std::uint64_t hash) { return fmt::format("{:016x}", hash); };
    if (digest_.message_id) json_.text("messageId", name(digest_.message_id));
    json_.begin_array("references");
    for (std::uint64_t hash : digest_.references) json_.text({}, name(hash));
    json_.end_array();
    json_.begin_array("inReplyTo");
    for (std::uint64_t hash : digest_.in_reply_to) json_.text({}, name(hash));
    json_.end_array();
  }

  void headers() {
    json_.begin_array("headers");
    std::uint64_t offset = 0;
    for (const FieldRange& range : digest_.fields) {
      Field field;
      HeaderReader reader(message_.substr(offset, range.length));
      reader.next(field);
      json_.begin_object();
      json_.text("name", field.name);
      json_.text("value", decode_words(unfold(field.body)));
      json_.number("offset", offset);
      json_.number("length", range.length);
      json_.end_object();
      offset += range.length;
    }
    json_.end_array();
  }

  // Depth first, without recursion: a part is closed when the next one is not inside it.
  void structure() {
    struct Level {
      std::uint32_t end;
      std::string section;
      unsigned children;
      bool is_root;
    };
    std::vector<Level> open;
    auto close = [&] {
      json_.end_array();
      json_.end_object();
      open.pop_back();
    };
    for (std::uint32_t i = 0; i < digest_.parts.size(); ++i) {
      const Part& p = digest_.parts[i];
      while (!open.empty() && open.back().end <= i) close();
      bool root = i == 0 || digest_.parts[p.parent].is_message();
      std::string section = open.empty() ? "" : open.back().section;
      if (!root) {
        if (!section.empty()) section += '.';
        section += fmt::format("{}", ++open.back().children);
      }
      // A root that is no multipart is also called part 1 (RFC 3501 §6.4.5).
      std::string shown = section;
      if (root && !p.is_multipart()) shown += section.empty() ? "1" : ".1";
      json_.begin_object(i == 0 ? "structure" : "");
      part(p, shown);
      json_.begin_array("parts");
      open.push_back({p.end, p.is_message() ? shown : section, 0, root});
    }
    while (!open.empty()) close();
  }

  void part(const Part& p, std::string_view section) {
    json_.text("section", section);
    json_.text("type", fmt::format("{}/{}", p.type, p.subtype));
    parameters("parameters", p.parameters);
    json_.text("encoding", p.encoding);
    if (!p.id.empty()) json_.text("id", p.id);
    if (!p.description.empty()) json_.text("description", decode_words(p.description));
    if (!p.disposition.type.empty()) {
      json_.text("disposition", p.disposition.type);
      parameters("dispositionParameters", p.disposition.parameters);
    }
    if (std::string name = filename(p); !name.empty()) json_.text("filename", name);
    if (!p.languages.empty()) {
      json_.begin_array("languages");
      for (const std::string& language : p.languages) json_.text({}, language);
      json_.end_array();
    }
    if (!p.location.empty()) json_.text("location", p.location);
    if (!p.md5.empty()) json_.text("md5", p.md5);
    if (!p.envelope.empty()) json_.text("envelope", p.envelope);
    json_.number("headerStart", p.header_start);
    json_.number("bodyStart", p.body_start);
    json_.number("bodyEnd", p.body_end);
    json_.number("lines", p.lines);
    json_.boolean("attachment", is_attachment(p));
  }

  void parameters(std::string_view key, const std::vector<Parameter>& list) {
    json_.begin_array(key);
    for (const Parameter& p : list) {
      json_.begin_object();
      json_.text("name", p.name);
      json_.text("value", decoded_value(p));
      json_.end_object();
    }
    json_.end_array();
  }

  const Digest& digest_;
  std::string_view message_;
  JsonWriter json_;
};

}  // namespace

std::string structure_json(const Digest& digest, std::string_view message) {
  CHECK(message.size() == digest.size);
  return Printer(digest, message).print();
}

}  // namespace posta::wire::message
