// fetch_body.cc: the part of FETCH that needs the e-mails: ENVELOPE, BODY, BODYSTRUCTURE, sections.
//
// E-mails are read some at a time. The digest has ENVELOPE and BODYSTRUCTURE as they are sent, and
// keeps the fields that lists of messages show; other sections are ranges of the stored octets, and
// go through in pieces.

#include <algorithm>

#include <fmt/format.h>

#include "base/check.h"
#include "runtime/nursery.h"
#include "server/imap/fetching.h"
#include "server/imap/print.h"
#include "server/imap/section.h"

namespace posta::server::imap {

void print_state(std::string& out, const FetchPlan::Item& item, const MessageState& state);

namespace {

using Kind = wi::FetchItem::Kind;
using wire::message::Digest;
using wire::message::DigestView;

constexpr std::uint32_t kEmailsAtATime = 256;
constexpr std::size_t kFields = 500;  // of a header, before the clock is looked at

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

// What was selected, as a literal.
void print_fields(std::string& out, const FetchPlan::Item& item, std::string& fields) {
  end_fields(fields);
  replace_nuls(fields);
  Range whole{0, fields.size()};
  if (item.asked->partial) whole = cut(whole, *item.asked->partial);
  append_number(out += " {", whole.length);
  out += "}\r\n";
  out += std::string_view(fields).substr(whole.offset, whole.length);
}

}  // namespace

// The next e-mails are read while those before are printed.
Task<Result<>> Session::fetch_emails(Fetching& run) {
  runtime::Nursery reading(stream_.executor());
  Piece piece, next;
  run.take(*selected_->announced, kEmailsAtATime, next.states);
  co_await read_emails(next);
  Result<> printed;
  while (printed && end_ == End::open && !next.states.empty()) {
    std::swap(piece, next);
    run.take(*selected_->announced, kEmailsAtATime, next.states);
    if (!next.states.empty()) reading.spawn(read_emails(next));
    printed = co_await print_emails(run, piece);
    co_await reading.join();
  }
  co_return printed;
}

Task<> Session::read_emails(Piece& piece) {
  std::vector<EmailId> ids;
  ids.reserve(piece.states.size());
  for (const auto& [n, state] : piece.states) ids.push_back(state.email);
  piece.emails = co_await mailboxes().emails(account(), std::move(ids));
}

Task<Result<>> Session::print_emails(Fetching& run, Piece& piece) {
  if (!piece.emails) co_return Failure(piece.emails.error());
  CHECK(piece.emails->size() == piece.states.size());
  for (std::size_t i = 0; i < piece.states.size(); ++i) {
    auto& email = (*piece.emails)[i];
    if (!email) {
      run.missing = true;
      continue;
    }
    const auto& [n, state] = piece.states[i];
    if (run.plan.needs_octets() || run.plan.is_long() || !print_email(run, n, state, *email))
      CO_TRY_VOID(co_await fetch_one(run, n, state, *email));
    if (due() && !co_await breathe()) co_return Result<>();
  }
  co_return Result<>();
}

// All that is wanted of a message, if its digest has it. False: nothing was printed.
bool Session::print_email(Fetching& run, std::uint32_t n, const MessageState& state,
                          const mailbox::Email& email) {
  auto view = DigestView::open(email.digest);
  if (!view) return false;
  std::string& out = stream_.out();
  const std::size_t begun = out.size();
  begin_response(n);
  for (std::size_t i = 0; i < run.plan.items().size(); ++i) {
    if (i > 0) out += ' ';
    if (print_item(run, i, state, email, *view)) continue;
    out.resize(begun);
    return false;
  }
  end_response(run, state);
  return true;
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
  // Where parts are not needed, the header's size is all that is asked of the digest.
  if (digest.parts.empty()) {
    digest.size = view.size();
    digest.parts.emplace_back();
    digest.parts.front().body_start = view.header_size();
  }
  std::string& out = stream_.out();
  const std::size_t begun = out.size();
  const std::uint32_t flushes = flushes_;
  begin_response(n);
  const std::vector<FetchPlan::Item>& items = run.plan.items();
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (due() && !co_await breathe()) co_return fail(Error::Kind::closed, "the client is gone");
    if (i > 0) out += ' ';
    if (print_item(run, i, state, email, view)) continue;
    if (items[i].kind == Kind::body) {
      (out += "BODY ") += wire::message::print_body(digest, false);
      continue;
    }
    Result<> sent = co_await fetch_section(run, i, email, digest);
    if (sent) continue;
    // Half a response that has left cannot be taken back: the client must not take it for a whole
    // one.
    if (flushes_ == flushes) {
      out.resize(begun);
    } else {
      trouble("read", sent.error());
      end_ = End::closed;
    }
    co_return sent;
  }
  end_response(run, state);
  co_return Result<>();
}

void Session::begin_response(std::uint32_t n) {
  append_number(stream_.out() += "* ", n);
  stream_.put(" FETCH (");
}

void Session::end_response(const Fetching& run, const MessageState& state) {
  std::string& out = stream_.out();
  if (run.flags_changed(state.uid)) {
    if (!run.plan.has(Kind::flags)) {
      out += ' ';
      print_flags_of(state, run.newest->record().keywords);
    }
    // RFC 7162 §3.1: with every FETCH response that a change of flags brings about.
    if (user_->condstore && !run.plan.has(Kind::mod_seq)) {
      append_number(out += " MODSEQ (", state.mod_seq.value);
      out += ')';
    }
  }
  out += ")\r\n";
  fetched_ += run.plan.has_sections();
}

// False: it is not in the view of the digest, and nothing was printed.
bool Session::print_item(Fetching& run, std::size_t index, const MessageState& state,
                         const mailbox::Email& email, const DigestView& view) {
  const FetchPlan::Item& item = run.plan.items()[index];
  std::string& out = stream_.out();
  switch (item.kind) {
    case Kind::flags: print_flags_of(state, run.newest->record().keywords); return true;
    case Kind::envelope: (out += "ENVELOPE ") += view.envelope(); return true;
    case Kind::bodystructure: (out += "BODYSTRUCTURE ") += view.bodystructure(); return true;
    case Kind::body: return false;
    default: break;
  }
  if (!item.is_section()) {
    print_state(out, item, state);
    return true;
  }
  if (!item.in_digest) return false;
  run.fields.clear();
  FieldSelection(email.prefix, *item.fields, false).put(run.fields, email.prefix.size());
  if (!view.put_fields(*item.fields, run.fields)) return false;
  out += item.name;
  print_fields(out, item, run.fields);
  return true;
}

Task<Result<>> Session::fetch_section(Fetching& run, std::size_t item, const mailbox::Email& email,
                                      const Digest& digest) {
  const FetchPlan::Item& wanted = run.plan.items()[item];
  const wi::Section& section = section_of(wanted);
  stream_.put(wanted.name);
  auto range = range_of(section, digest.header_size(), digest, email.prefix.size());
  if (!range) {
    stream_.put(" NIL");  // RFC 3501 §9 nstring: there is no such part
    co_return Result<>();
  }
  if (!wanted.fields) {
    if (wanted.asked && wanted.asked->partial) range = cut(*range, *wanted.asked->partial);
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
  run.fields.clear();
  FieldSelection selection(header, *wanted.fields,
                           section.what == wi::Section::What::header_fields_not);
  while (selection.put(run.fields, kFields))
    if (due() && !co_await breathe()) co_return fail(Error::Kind::closed, "the client is gone");
  print_fields(stream_.out(), wanted, run.fields);
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
