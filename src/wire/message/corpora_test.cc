// Messages that others collected: odd, broken, in many charsets. Skipped if they are not there.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include <fmt/format.h>

#include "wire/message/address_list.h"
#include "wire/message/digest_laws.h"
#include "wire/message/encoded_word.h"
#include "wire/message/header.h"
#include "wire/message/structure_json.h"
#include "wire/message/test_json.h"
#include "wire/message/text_of.h"

namespace posta::wire::message {
namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Files below `folder` of the conformance material with one of the suffixes, sorted.
std::vector<fs::path> files(const char* folder, std::initializer_list<std::string_view> suffixes) {
  const char* set = std::getenv("POSTA_CONFORMANCE");
  fs::path root = set ? fs::path(set) : fs::path("../shared/conformance");
  std::vector<fs::path> out;
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator(root / folder, error))
    for (std::string_view suffix : suffixes)
      if (entry.path().extension() == suffix) out.push_back(entry.path());
  std::sort(out.begin(), out.end());
  return out;
}

#define SKIP_IF_ABSENT(paths, folder) \
  if ((paths).empty()) GTEST_SKIP() << folder << " is not there (POSTA_CONFORMANCE)"

void expect_sound(const std::string& message, const std::string& name) {
  Digest whole = digest_of(message);
  EXPECT_EQ(broken_law(whole), "") << name;
  EXPECT_EQ(broken_law_of_kept(whole, message), "") << name;
  for (std::uint64_t seed = 1; seed <= 8; ++seed)
    EXPECT_TRUE(whole == digest_of_pieces(message, seed)) << name << " cut by seed " << seed;
  for (const Part& p : whole.parts)
    if (p.type == "text") EXPECT_TRUE(is_utf8(text_of(p, message))) << name;
  Json json = JsonReader(structure_json(whole, message)).value();
  EXPECT_EQ(json["size"].count(), message.size()) << name;
  EXPECT_EQ(json["structure"]["bodyEnd"].count(), message.size()) << name;
}

TEST(Corpora, EveryMessageOfCpythonHasASoundDigestHoweverItIsCut) {
  auto paths = files("mime-cpython", {".txt", ".eml"});
  SKIP_IF_ABSENT(paths, "mime-cpython");
  for (const auto& path : paths) expect_sound(read(path), path.filename());
}

TEST(Corpora, EveryMessageOfMimekitHasASoundDigestHoweverItIsCut) {
  auto paths = files("mime-mimekit", {".txt", ".eml", ".tnef", ".html"});
  SKIP_IF_ABSENT(paths, "mime-mimekit");
  for (const auto& path : paths) expect_sound(read(path), path.filename());
}

TEST(Corpora, EveryMessageOfMailParserHasASoundDigestHoweverItIsCut) {
  auto paths = files("mime-mail-parser", {".eml"});
  SKIP_IF_ABSENT(paths, "mime-mail-parser");
  for (const auto& path : paths) expect_sound(read(path), path.filename());
}

// Parts of an expected message in our order: an embedded message's after it.
void flatten(const Json& message, std::vector<const Json*>& out) {
  for (const Json& part : message["parts"].array) {
    out.push_back(&part);
    if (part["body"].has("Message")) flatten(part["body"]["Message"], out);
  }
}

const Json* header_of(const Json& part, std::string_view name) {
  for (const Json& h : part["headers"].array)
    if (h["name"].text == name) return &h["value"];
  return nullptr;
}

std::string without_cr(std::string text) {
  std::erase(text, '\r');
  return text;
}

struct Tally {
  int same = 0;
  std::vector<std::string> different;

  void compare(const std::string& where, const std::string& ours, const std::string& theirs) {
    if (ours == theirs)
      ++same;
    else
      different.push_back(
          fmt::format("{}: {} instead of {}", where, printable(ours), printable(theirs)));
  }
};

struct Tallies {
  Tally parts, types, bodies, texts, names, addresses, dates, subjects;
};

// At least `same` agree; those that differ are the `known` ones.
void expect(const Tally& tally, int same, const std::set<std::string>& known) {
  EXPECT_GE(tally.same, same);
  for (const std::string& d : tally.different)
    EXPECT_TRUE(known.contains(d.substr(0, d.find(": ")))) << d.substr(0, 400);
}

std::string date_of(const Json& d) {
  auto n = [&](const char* key) { return static_cast<int>(d[key].number); };
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02} {}{:02}{:02}", n("year"), n("month"),
                     n("day"), n("hour"), n("minute"), n("second"),
                     d["tz_before_gmt"].flag ? '-' : '+', n("tz_hour"), n("tz_minute"));
}

std::string date_of(const Date& d) {
  std::string text = print_date(d);  // "Sat, 21 Nov 2026 05:14:51 +0000"
  static const std::string kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  auto words = split(text, ' ');
  return fmt::format("{}-{:02}-{:02} {} {}{}", words[3], kMonths.find(words[2]) / 3 + 1,
                     *to_number<int>(words[1]), words[4], words[5] == "-0000" ? "+" : "", words[5]);
}

void list_addresses(const Json& value, std::string& out) {
  if (value.has("List"))
    for (const Json& a : value["List"].array)
      out += fmt::format("{}<{}> ", a["name"].text, a["address"].text);
  if (value.has("Group"))
    for (const Json& g : value["Group"].array) {
      if (g["name"].kind == Json::Kind::text) out += g["name"].text + ": ";
      for (const Json& a : g["addresses"].array)
        out += fmt::format("{}<{}> ", a["name"].text, a["address"].text);
    }
}

std::string list_addresses(std::string_view body) {
  std::string out;
  for (const Address& a : parse_address_list(body)) {
    if (a.kind == Address::Kind::group_start) out += decode_words(a.name) + ": ";
    if (a.kind == Address::Kind::mailbox && a.domain.empty() && a.name.empty())
      out += fmt::format("{}<> ", a.local);
    else if (a.kind == Address::Kind::mailbox)
      out += fmt::format("{}<{}{}{}> ", decode_words(a.name), a.local, a.domain.empty() ? "" : "@",
                         a.domain);
  }
  return out;
}

void compare_header(const std::string& name, const Digest& d, const std::string& message,
                    const Json& root, Tallies& t) {
  std::string_view header = std::string_view(message).substr(0, d.header_size());
  for (std::string_view field : {"from", "to", "reply_to"}) {
    const Json* theirs = header_of(root, field);
    std::string ours_name = field == "reply_to" ? "reply-to" : std::string(field);
    auto ours = find_field(header, ours_name);
    if (!theirs || !theirs->has("Address") || !ours) continue;
    std::string expected;
    list_addresses((*theirs)["Address"], expected);
    t.addresses.compare(name + " " + ours_name, list_addresses(*ours), expected);
  }
  if (const Json* date = header_of(root, "date"); date && date->has("DateTime"))
    t.dates.compare(name, d.date ? date_of(*d.date) : "none", date_of((*date)["DateTime"]));
  if (const Json* subject = header_of(root, "subject"); subject && subject->has("Text"))
    t.subjects.compare(name, d.subject, (*subject)["Text"].text);
}

std::string media_type(const Json& value) {
  std::string type = value["ContentType"]["c_type"].text;
  std::string subtype = value["ContentType"]["c_subtype"].text;
  return to_lower(type + (subtype.empty() ? "" : "/" + subtype));
}

void compare_part(const std::string& where, const Part& ours, const std::string& message,
                  const Json& theirs, Tallies& t) {
  const Json* type = header_of(theirs, "content_type");
  if (type && type->has("ContentType"))
    t.types.compare(where, ours.type + "/" + ours.subtype, media_type(*type));
  t.bodies.compare(where, fmt::format("{}", ours.body_start),
                   fmt::format("{}", theirs["offset_body"].count()));
  const Json& body = theirs["body"];
  const Json& text = body.has("Text") ? body["Text"] : body["Html"];
  if (text.kind == Json::Kind::text && ours.type == "text")
    t.texts.compare(where, without_cr(text_of(ours, message)), without_cr(text.text));
  const Json* disposition = header_of(theirs, "content_disposition");
  if (!disposition || !disposition->has("ContentType")) return;
  for (const Json& attribute : (*disposition)["ContentType"]["attributes"].array)
    if (attribute["name"].text == "filename")
      t.names.compare(where, filename(ours), attribute["value"].text);
}

TEST(Corpora, WhatMailParserFindsWeFindToo) {
  auto paths = files("mime-mail-parser", {".eml"});
  SKIP_IF_ABSENT(paths, "mime-mail-parser");
  Tallies t;
  for (const auto& path : paths) {
    std::string name = path.parent_path().filename() / path.stem();
    std::string message = without_cr(read(path));  // as the offsets were counted
    fs::path expected_path = path;
    Json expected = JsonReader(read(expected_path.replace_extension(".json"))).value();
    Digest d = digest_of(message);
    std::vector<const Json*> parts;
    flatten(expected, parts);
    t.parts.compare(name, fmt::format("{} parts", d.parts.size()),
                    fmt::format("{} parts", parts.size()));
    if (!parts.empty()) compare_header(name, d, message, *parts.front(), t);
    if (parts.size() != d.parts.size()) continue;
    for (std::size_t i = 0; i < parts.size(); ++i)
      compare_part(fmt::format("{} part {}", name, i), d.parts[i], message, *parts[i], t);
  }
  // Where we differ, and why.
  expect(t.parts, 90,
         {
             "malformed/000", "malformed/001", "malformed/007", "malformed/009", "malformed/011",
             "malformed/012", "malformed/013", "malformed/016",
             "malformed/022",                   // delimiters in headers
             "malformed/014",                   // a delimiter at the very end begins an empty part
             "malformed/020", "malformed/021",  // two Content-Types: we take the first
             "rfc/008",         // base64 of message/rfc822: RFC 2046 §5.2.1 forbids it
             "thirdparty/015",  // embedded messages without a body
         });
  expect(t.types, 340, {"malformed/002 part 0"});  // a multipart without parts: we show its text
  expect(t.bodies, 360, {});
  expect(t.texts, 155,
         {
             "legacy/026 part 2", "legacy/052 part 0",  // high octets in US-ASCII: we guess
             "thirdparty/002 part 2",
             "thirdparty/002 part 3",  // octets after base64, or that are none
             "thirdparty/005 part 5",  // a delimiter in the middle of a line
         });
  expect(t.names, 65, {"legacy/016 part 3", "legacy/023 part 4", "legacy/026 part 2"});  // guessed
  expect(t.addresses, 140,
         {"legacy/010 to", "legacy/017 to", "legacy/020 to", "legacy/022 to", "legacy/027 to",
          "legacy/052 to"});               // guessed
  expect(t.dates, 72, {"malformed/019"});  // the time is "10:00:t": RFC 5256 §2.2 has 00:00:00
  expect(t.subjects, 74, {"legacy/010", "legacy/020", "legacy/022", "legacy/027", "legacy/052"});
}

}  // namespace
}  // namespace posta::wire::message
