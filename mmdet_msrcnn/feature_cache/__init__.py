from mmdet_msrcnn.feature_cache.cached_train_loop import CachedTrainLoop

__all__ = ['CachedTrainLoop']
