// fetch_body.cc: the part of FETCH that needs the e-mails: ENVELOPE, BODY, BODYSTRUCTURE, sections.
//
// E-mails are read some at a time. The digest has ENVELOPE and BODYSTRUCTURE as they are sent;
// sections are ranges of the stored octets, and go through in pieces.

#include <algorithm>

#include <fmt/format.h>

#include "base/check.h"
#include "server/imap/fetching.h"
#include "server/imap/print.h"
#include "server/imap/section.h"

namespace posta::server::imap {

void print_state(std::string& out, const FetchPlan::Item& item, const MessageState& state);

namespace {

using Kind = wi::FetchItem::Kind;
using wire::message::Digest;
using wire::message::DigestView;

constexpr std::size_t kEmailsAtATime = 128;

// RFC 3501 §9: a literal has no NUL. Something must stand where one was, or offsets would move.
void replace_nuls(std::string& octets) {
  constexpr char kInstead = '\x80';
  for (std::size_t at = octets.find('\0'); at != std::string::npos; at = octets.find('\0', at))
    octets[at] = kInstead;
}

const wi::Section& section_of(const FetchPlan::Item& item) {
  static const wi::Section kWhole;
  static const wi::Section kHeader = [] {
    wi::Section section;
    section.what = wi::Section::What::header;
    return section;
  }();
  static const wi::Section kText = [] {
    wi::Section section;
    section.what = wi::Section::What::text;
    return section;
  }();
  switch (item.kind) {
    case Kind::rfc822: return kWhole;
    case Kind::rfc822_header: return kHeader;
    case Kind::rfc822_text: return kText;
    default: return item.asked->section;
  }
}

}  // namespace

Task<Result<>> Session::fetch_emails(Fetching& run) {
  std::vector<std::pair<std::uint32_t, MessageState>> some;
  std::vector<EmailId> ids;
  std::shared_ptr<const View> announced = selected_->announced;
  for (const SequenceSet::Range& range : run.ranges) {
    for (std::uint64_t first = range.first; first <= range.last; first += kEmailsAtATime) {
      auto last = static_cast<std::uint32_t>(
          std::min<std::uint64_t>(range.last, first + kEmailsAtATime - 1));
      some.clear();
      ids.clear();
      announced->visit(static_cast<std::uint32_t>(first), last,
                       [&](std::uint32_t n, const MessageState& state) {
                         some.emplace_back(n, run.newest_of(*announced, state));
                         ids.push_back(state.email);
                       });
      CO_TRY(auto emails, co_await mailboxes().emails(account(), ids));
      CHECK(emails.size() == some.size());
      for (std::size_t i = 0; i < emails.size(); ++i) {
        if (!emails[i]) {
          run.missing = true;
          continue;
        }
        CO_TRY_VOID(co_await fetch_one(run, some[i].first, some[i].second, *emails[i]));
        if (due() && !co_await breathe()) co_return Result<>();
      }
    }
  }
  co_return Result<>();
}

Task<Result<>> Session::fetch_one(Fetching& run, std::uint32_t n, MessageState state,
                                  mailbox::Email& email) {
  Digest digest;
  if (run.plan.needs_parts()) {
    auto decoded = wire::message::decode(email.digest);
    if (!decoded) {
      CO_TRY(email.digest, co_await digest_again(email));
      decoded = wire::message::decode(email.digest);
    }
    CO_TRY(digest, std::move(decoded));
  } else {
    CO_TRY_VOID(co_await have_digest(email));
  }
  CO_TRY(DigestView view, DigestView::open(email.digest));
  std::string& out = stream_.out();
  const std::size_t begun = out.size();
  const std::uint32_t flushes = flushes_;
  append_number(out += "* ", n);
  out += " FETCH (";
  const std::vector<FetchPlan::Item>& items = run.plan.items();
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += ' ';
    switch (items[i].kind) {
      case Kind::flags: print_flags_of(state, run.newest->record().keywords); break;
      case Kind::envelope: (out += "ENVELOPE ") += view.envelope(); break;
      case Kind::bodystructure: (out += "BODYSTRUCTURE ") += view.bodystructure(); break;
      case Kind::body: (out += "BODY ") += wire::message::print_body(digest, false); break;
      case Kind::section:
      case Kind::rfc822:
      case Kind::rfc822_header:
      case Kind::rfc822_text: {
        // Where parts are not needed, the header's size is all that is asked of the digest.
        if (digest.parts.empty()) {
          digest.size = view.size();
          digest.parts.emplace_back();
          digest.parts.front().body_start = view.header_size();
        }
        Result<> sent = co_await fetch_section(run.plan, i, email, digest);
        if (sent) break;
        // Half a response that has left cannot be taken back: the client must not take it for a
        // whole one.
        if (flushes_ == flushes) {
          out.resize(begun);
        } else {
          trouble("read", sent.error());
          end_ = End::closed;
        }
        co_return sent;
      }
      default: print_state(out, items[i], state);
    }
  }
  if (run.flags_changed(state.uid) && !run.plan.has(Kind::flags)) {
    out += ' ';
    print_flags_of(state, run.newest->record().keywords);
    if (user_->condstore && !run.plan.has(Kind::mod_seq)) {
      append_number(out += " MODSEQ (", state.mod_seq.value);
      out += ')';
    }
  }
  out += ")\r\n";
  fetched_ += run.plan.has_sections();
  co_return Result<>();
}

Task<Result<>> Session::fetch_section(const FetchPlan& plan, std::size_t item,
                                      const mailbox::Email& email, const Digest& digest) {
  const FetchPlan::Item& wanted = plan.items()[item];
  const wi::Section& section = section_of(wanted);
  stream_.put(wanted.name);
  auto range = range_of(section, digest.header_size(), digest, email.prefix.size());
  if (!range) {
    stream_.put(" NIL");  // RFC 3501 §9 nstring: there is no such part
    co_return Result<>();
  }
  const bool fields = section.what == wi::Section::What::header_fields ||
                      section.what == wi::Section::What::header_fields_not;
  const auto partial = wanted.asked ? wanted.asked->partial : std::nullopt;
  if (!fields) {
    if (partial) range = cut(*range, *partial);
    append_number(stream_.out() += " {", range->length);
    stream_.put("}\r\n");
    co_return co_await send_octets(email, range->offset, range->length);
  }
  CO_TRY(std::string header,
         co_await mailboxes().read(
             {.id = email.id,
              .thread = {},
              .prefix = email.prefix,
              .body = email.body,
              .digest = {},
              .received = {}},
             range->offset, std::min<std::uint64_t>(range->length, limits().header_octets_max)));
  std::string selected =
      select_fields(header, section.fields, section.what == wi::Section::What::header_fields_not);
  replace_nuls(selected);
  Range whole{0, selected.size()};
  if (partial) whole = cut(whole, *partial);
  append_number(stream_.out() += " {", whole.length);
  stream_.put("}\r\n");
  stream_.put(std::string_view(selected).substr(whole.offset, whole.length));
  co_return Result<>();
}

Task<Result<>> Session::send_octets(const mailbox::Email& email, std::uint64_t offset,
                                    std::uint64_t length) {
  const std::uint64_t end = offset + length;
  while (offset < end) {
    CO_TRY(std::string piece,
           co_await mailboxes().read({.id = email.id,
                                      .thread = {},
                                      .prefix = email.prefix,
                                      .body = email.body,
                                      .digest = {},
                                      .received = {}},
                                     offset,
                                     std::min<std::uint64_t>(limits().read_octets, end - offset)));
    if (piece.empty()) co_return fail(Error::Kind::corrupt, "the message is cut short");
    offset += piece.size();
    replace_nuls(piece);
    stream_.put(piece);
    if (due() && !co_await breathe()) co_return fail(Error::Kind::closed, "the client is gone");
  }
  co_return Result<>();
}

Task<Result<>> Session::have_digest(mailbox::Email& email) {
  if (DigestView::open(email.digest)) co_return Result<>();
  CO_TRY(email.digest, co_await digest_again(email));
  co_return Result<>();
}

// A digest that cannot be read is no reason not to show the message.
Task<Result<std::string>> Session::digest_again(const mailbox::Email& email) {
  trouble("digest", {Error::Kind::corrupt, "a digest cannot be read; it is made again"});
  wire::message::DigestBuilder builder;
  mailbox::Email body{
      .id = email.id, .thread = {}, .prefix = {}, .body = email.body, .digest = {}, .received = {}};
  for (std::uint64_t offset = 0; offset < body.size();) {
    CO_TRY(std::string piece, co_await mailboxes().read(body, offset, limits().read_octets));
    if (piece.empty()) co_return fail(Error::Kind::corrupt, "the message is cut short");
    offset += piece.size();
    builder.feed(piece);
  }
  co_return wire::message::encode(builder.finish());
}

}  // namespace posta::server::imap
