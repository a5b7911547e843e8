// suite_bodies.h: bodies small and large, sweeping, disk space, checkpoints.
#pragma once

#include "store/suite.h"

namespace posta::store::suite {

TEST_P(StoreSuite, BodiesOfEverySizeComeBackWholeAndInParts) {
  auto body = [&]() -> Task<> {
    const std::size_t sizes[] = {
        0, 1, 4096, 64 * 1024, 64 * 1024 + 1, 128 * 1024, 128 * 1024 + 1, 300 * 1024, 1'500'000};
    for (std::size_t size : sizes) {
      for (bool random : {false, true}) {
        std::string octets = text(size, size + 1);
        // Octets that do not compress.
        if (random)
          for (std::size_t i = 0; i < size; ++i)
            octets[i] = static_cast<char>(i * 2654435761u >> 13 ^ i * i * 40503u >> 7);
        auto writer = co_await body_of(store(), octets, 50'000);
        BodyRef ref = writer->ref();
        EXPECT_EQ(ref.size, size);
        Batch batch;
        batch.take(std::move(writer)).link(ref.id, "owner");
        auto done = co_await committed(store(), std::move(batch));
        EXPECT_TRUE(done.ok());
        auto whole = co_await store().read_body(ref, 0, size);
        EXPECT_TRUE(whole && *whole == octets) << size;
        auto beyond = co_await store().read_body(ref, size, 10);
        EXPECT_EQ(beyond.value_or("?"), "");
        for (std::size_t offset : {std::size_t{0}, size / 3, size / 2, size - size / 7}) {
          for (std::size_t length : {std::size_t{1}, std::size_t{1000}, std::size_t{65536}, size}) {
            auto part = co_await store().read_body(ref, offset, length);
            EXPECT_TRUE(part && *part == octets.substr(offset, length))
                << size << " from " << offset << ", " << length;
          }
        }
      }
    }
  };
  run(body());
}

TEST_P(StoreSuite, ABodyThatIsGivenUpIsGone) {
  auto body = [&]() -> Task<> {
    for (std::size_t size : {std::size_t{1000}, std::size_t{1'000'000}}) {
      BodyRef ref;
      {
        auto writer = co_await body_of(store(), text(size));
        ref = writer->ref();
      }
      auto octets = co_await store().read_body(ref, 0, size);
      EXPECT_FALSE(octets);
      EXPECT_EQ(octets.error().kind, Error::Kind::not_found);
      auto half = store().new_body();
      EXPECT_TRUE(co_await half->write(text(size)));
      EXPECT_GT(half->ref().id, ref.id);
    }
    auto swept = co_await store().sweep_bodies();
    EXPECT_EQ(swept.value_or(99), 0u);
  };
  run(body());
}

TEST_P(StoreSuite, TheSweepRemovesBodiesWithoutLinkAndLeaseAndNoOthers) {
  auto body = [&]() -> Task<> {
    std::vector<BodyRef> refs;
    for (std::size_t size : {2000, 3000, 500'000, 600'000, 4000, 700'000}) {
      auto writer = co_await body_of(store(), text(size));
      refs.push_back(writer->ref());
      Batch batch;
      batch.take(std::move(writer));
      // The last two never get a link.
      if (refs.size() <= 4) batch.link(refs.back().id, "ann").link(refs.back().id, "bob");
      co_await committed(store(), std::move(batch));
    }
    auto leased = co_await body_of(store(), text(800'000));
    auto first = co_await store().sweep_bodies();
    EXPECT_EQ(first.value_or(99), 2u) << "those without any link";
    Batch unlink;
    for (std::size_t i = 0; i < 4; ++i) unlink.unlink(refs[i].id, "ann");
    unlink.unlink(refs[0].id, "bob");
    // An unlink in a turn counts too.
    std::string link = body_link_key(refs[2].id, "bob");
    unlink.at_turn(1, [link](Turn& turn) {
      turn.erase(link);
      return kAccept;
    });
    co_await committed(store(), std::move(unlink));
    auto second = co_await store().sweep_bodies();
    EXPECT_EQ(second.value_or(99), 2u);
    auto third = co_await store().sweep_bodies();
    EXPECT_EQ(third.value_or(99), 0u);
    for (std::size_t i = 0; i < refs.size(); ++i) {
      auto octets = co_await store().read_body(refs[i], 0, refs[i].size);
      bool kept = i == 1 || i == 3;
      EXPECT_EQ(octets.has_value(), kept) << i;
      if (!kept) EXPECT_EQ(octets.error().kind, Error::Kind::not_found);
    }
    BodyRef late = leased->ref();
    Batch batch;
    batch.take(std::move(leased)).link(late.id, "ann");
    co_await committed(store(), std::move(batch));
    auto octets = co_await store().read_body(late, 0, late.size);
    EXPECT_TRUE(octets && *octets == text(800'000)) << "what was leased was not swept";
  };
  run(body());
}

TEST_P(StoreSuite, ALinkThatIsCutAndMadeAgainKeepsItsBody) {
  auto body = [&]() -> Task<> {
    auto writer = co_await body_of(store(), text(1000));
    BodyRef ref = writer->ref();
    Batch batch;
    batch.take(std::move(writer)).link(ref.id, "ann");
    co_await committed(store(), std::move(batch));
    Batch move;
    move.unlink(ref.id, "ann").link(ref.id, "bob");
    co_await committed(store(), std::move(move));
    auto swept = co_await store().sweep_bodies();
    EXPECT_EQ(swept.value_or(99), 0u);
    EXPECT_TRUE(co_await store().read_body(ref, 0, 10));
    Batch last;
    last.unlink(ref.id, "bob");
    co_await committed(store(), std::move(last));
    auto then = co_await store().sweep_bodies();
    EXPECT_EQ(then.value_or(99), 1u);
  };
  run(body());
}

TEST_P(StoreSuite, WithLittleSpaceNoBodiesAreTakenButDeletesWork) {  // limit: disk_free_min
  limits.disk_free_min = 1_MiB;
  auto body = [&]() -> Task<> {
    Batch first;
    first.put("a", "1");
    co_await committed(store(), std::move(first));
    world().set_free(1_MiB - 1);
    EXPECT_TRUE(store().short_of_disk());
    auto writer = co_await body_of(store(), text(1000));
    BodyRef ref = writer->ref();
    Batch batch;
    batch.put("b", "1").take(std::move(writer)).link(ref.id, "o");
    auto done = co_await store().commit(std::move(batch));
    EXPECT_EQ(done.error().kind, Error::Kind::full);
    auto large = store().new_body();
    auto wrote = co_await large->write(text(500'000));
    EXPECT_EQ(wrote.error().kind, Error::Kind::full);
    Batch erase;
    erase.erase("a");
    auto then = co_await committed(store(), std::move(erase));
    EXPECT_TRUE(then.ok());
    EXPECT_EQ(co_await value_of(store(), "a"), std::nullopt);
    EXPECT_EQ(co_await value_of(store(), "b"), std::nullopt);
    world().set_free(1_GiB);
    auto again = co_await body_of(store(), text(1000));
    Batch last;
    last.take(std::move(again)).put("b", "2");
    auto taken = co_await committed(store(), std::move(last));
    EXPECT_TRUE(taken.ok());
  };
  run(body());
}

TEST_P(StoreSuite, AFullDiskRefusesCommitsUntilThereIsSpace) {
  limits.disk_free_min = 1_MiB;
  auto body = [&]() -> Task<> {
    store().offer_head(1, std::make_shared<NumberHead>(1), store().snapshot()->version());
    Batch first;
    first.put("a", "1");
    co_await committed(store(), std::move(first));
    world().set_free(0);
    for (int i = 0; i < 3; ++i) {
      Batch batch;
      batch.put("a", "2").at_turn(2, [](Turn&) { return kAccept; });
      auto done = co_await store().commit(std::move(batch));
      EXPECT_FALSE(done);
      if (!done) EXPECT_EQ(done.error().kind, Error::Kind::full);
    }
    EXPECT_FALSE(store().has_head(1)) << "a failed group drops the heads";
    EXPECT_EQ(co_await value_of(store(), "a"), "1");
    world().set_free(1_GiB);
    Batch again;
    again.append("a", "3");
    auto then = co_await committed(store(), std::move(again));
    EXPECT_TRUE(then.ok());
    EXPECT_EQ(co_await value_of(store(), "a"), "13");
  };
  run(body());
  world().reopen();
  auto after = [&]() -> Task<> { EXPECT_EQ(co_await value_of(store(), "a"), "13"); };
  run(after());
}

TEST_P(StoreSuite, ACheckpointIsTheStoreAsItWasWhileItGoesOn) {
  BodyRef small;
  BodyRef large;
  auto fill = [&]() -> Task<> {
    auto one = co_await body_of(store(), text(3000));
    auto two = co_await body_of(store(), text(400'000));
    small = one->ref();
    large = two->ref();
    Batch batch;
    batch.put("a", "1").append("l", "x").take(std::move(one)).take(std::move(two));
    batch.link(small.id, "o").link(large.id, "o");
    co_await committed(store(), std::move(batch));
  };
  run(fill());
  auto copy = world().open_checkpoint();
  auto change = [&]() -> Task<> {
    Batch batch;
    batch.put("a", "2").unlink(small.id, "o").unlink(large.id, "o");
    co_await committed(store(), std::move(batch));
    auto swept = co_await store().sweep_bodies();
    EXPECT_EQ(swept.value_or(99), 2u);
  };
  run(change());
  auto look = [&]() -> Task<> {
    EXPECT_EQ(co_await value_of(copy->store(), "a"), "1");
    EXPECT_EQ(co_await value_of(copy->store(), "l"), "x");
    auto one = co_await copy->store().read_body(small, 0, small.size);
    auto two = co_await copy->store().read_body(large, 0, large.size);
    EXPECT_TRUE(one && *one == text(3000));
    EXPECT_TRUE(two && *two == text(400'000));
    Batch batch;
    batch.put("a", "other");
    co_await committed(copy->store(), std::move(batch));
  };
  copy->run(look());
  auto after = [&]() -> Task<> { EXPECT_EQ(co_await value_of(store(), "a"), "2"); };
  run(after());
}

}  // namespace posta::store::suite
